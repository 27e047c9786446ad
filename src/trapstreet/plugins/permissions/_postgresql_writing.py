"""What PostgreSQL shows to those who may write to a relation, or may make triggers on it.

What only a server shows, and is so here: a rule ON INSERT, UPDATE or DELETE that selects, instead of writing
or beside it, answers the one who writes, and reads with the rights of the owner of what it is on; so does
what a rule's own statement has after RETURNING. A trigger gets the rows that others write, whoever made it.
"""

from collections.abc import Iterator, Mapping

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._postgresql_catalogue import Contents, Oid
from trapstreet.plugins.permissions._postgresql_row_security import RowSecurity
from trapstreet.plugins.permissions._postgresql_sight import Sight


def by_rules(contents: Contents, sight: Sight, *, number: Mapping[Oid, int], enters: Bits) -> Iterator[Door]:
    """Doors of those who may write where a rule answers with rows, if the owner of what it is on may read
    them."""
    roles, relations = sight.roles, {each.oid: each for each in contents.relations}
    for rule in contents.rules:
        if rule.relation not in relations:
            continue
        on = relations[rule.relation]
        schema, grant = sight.uses(on.schema)
        to = roles.given(rule.may_write) | roles.write_all
        opens = roles.has.arriving(to) & schema
        given = Grant(f"{rule.right} on {on.called}", to)
        if not opens:
            continue
        surely: dict[Oid, bool] = {}
        for named in rule.reads:
            for oid in sight.seen_as(named, on.owner):
                surely[oid] = surely.get(oid, False) or (rule.certain and named != on.oid)
        for oid, sure in surely.items():
            if oid in number:
                shown = Grant(f"a rule of {on.called} shows {relations[oid].name}", roles.everybody)
                grants = (grant, given, shown)
                yield Door(number[oid], How.RULE, opens, grants, enters, Rows.SHOWN, sure=sure)


def by_triggers(
    contents: Contents, sight: Sight, security: RowSecurity, *, number: Mapping[Oid, int], enters: Bits
) -> Iterator[Door]:
    """Doors of those who may make triggers on what they may not read all of."""
    roles, relations = sight.roles, {each.oid: each for each in contents.relations}
    for watcher in contents.watchers:
        if watcher.relation not in number:
            continue
        on = relations[watcher.relation]
        schema, grant = sight.uses(on.schema)
        reads = sight.selects(on) & security.free(on) & sight.works_for(on.oid)
        if opens := roles.holding(watcher.may_trigger) & schema & ~reads:
            what = f"TRIGGER on {on.called}: a trigger of its own gets the rows that others write"
            given = Grant(what, roles.given(watcher.may_trigger))
            yield Door(number[on.oid], How.TRIGGER, opens, (grant, given), enters, Rows.SHOWN, sure=False)
