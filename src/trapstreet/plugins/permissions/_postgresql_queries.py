"""What PostgreSQL's catalogues are asked for: the columns of each answer are the fields of its kind.

All of it may be read by everybody who can connect; nothing here asks for a right of its own.
"""

_GRANTEES = (
    "ARRAY(SELECT DISTINCT a.grantee FROM aclexplode(COALESCE({acl}, acldefault('{kind}', {owner}))) a"
    " WHERE a.privilege_type = '{right}')"
)
_OURS = "n.nspname !~ '^pg_(catalog|toast|temp_|toast_temp_)' AND n.nspname <> 'information_schema'"

ROLES = """
    SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcanlogin, rolreplication, rolbypassrls,
        rolcreatedb
    FROM pg_roles ORDER BY rolname
"""
MEMBERS_BEFORE_16 = """
    SELECT m.roleid, m.member, m.admin_option, r.rolinherit, true
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
"""
MEMBERS = "SELECT roleid, member, admin_option, inherit_option, set_option FROM pg_auth_members"
DATABASES = f"""
    SELECT oid, datname, datdba, datallowconn, datistemplate,
        {_GRANTEES.format(acl="datacl", kind="d", owner="datdba", right="CONNECT")},
        ARRAY(SELECT DISTINCT a.grantee FROM aclexplode(datacl) a
            WHERE a.privilege_type = 'CONNECT' AND a.is_grantable)
    FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname
"""  # noqa: S608 - nothing in it comes from outside
ANYWHERE = """
    SELECT DISTINCT a.grantee
    FROM pg_database d, aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a
    WHERE d.datallowconn AND a.privilege_type = 'CONNECT'
"""
SCHEMAS = f"""
    SELECT n.oid, n.nspname, n.nspowner,
        {_GRANTEES.format(acl="n.nspacl", kind="n", owner="n.nspowner", right="USAGE")}
    FROM pg_namespace n WHERE {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
RELATIONS = f"""
    SELECT c.oid, c.relnamespace, c.relname, c.relkind::text, c.relowner,
        c.relrowsecurity, c.relforcerowsecurity,
        EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
                WHERE o.option_name = 'security_invoker' AND o.option_value::boolean),
        CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
        {_GRANTEES.format(acl="c.relacl", kind="r", owner="c.relowner", right="SELECT")}
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} ORDER BY n.nspname, c.relname
"""  # noqa: S608 - nothing in it comes from outside
COLUMNS = """
    SELECT a.attrelid, a.attname,
        ARRAY(SELECT DISTINCT e.grantee FROM aclexplode(a.attacl) e WHERE e.privilege_type = 'SELECT')
    FROM pg_attribute a WHERE a.attacl IS NOT NULL AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""
POLICIES = """
    SELECT p.polrelid, p.polname, p.polpermissive, p.polroles,
        COALESCE(pg_get_expr(p.polqual, p.polrelid), 'true') = 'true'
    FROM pg_policy p WHERE p.polcmd IN ('r', '*')
"""
VIEWS = """
    WITH shows AS MATERIALIZED (
        SELECT oid, ev_class, ev_action::text LIKE '%:varattno 0 %' AS whole_rows,
            -- what it selects from: a name in it alone ('customers'::regclass) is a dependency, too
            ARRAY(SELECT m[1]::oid FROM regexp_matches(ev_action::text, ':relid (\\d+) ', 'g') m) AS reads
        FROM pg_rewrite WHERE ev_type = '1' AND ev_class >= 16384 -- not the system's own
    )
    SELECT w.ev_class, d.refobjid, CASE WHEN NOT bool_or(w.whole_rows)
        THEN COALESCE(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum > 0), '{}') END
    FROM shows w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class AND d.refobjid = ANY (w.reads)
    GROUP BY w.ev_class, d.refobjid
"""
PARTS = "SELECT inhparent, inhrelid FROM pg_inherits"
_BODY, _BODY_BEFORE_14 = "pg_get_function_sqlbody(p.oid)", "NULL"
_CALLED = """
    SELECT d.classid, d.objid, COALESCE(o.oprcode::oid, d.refobjid) AS called
    FROM pg_depend d LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid >= 16384
"""
"""What the server itself knows to call a function, by an operator as well."""
_FUNCTIONS = f"""
    WITH called AS MATERIALIZED (
        SELECT objid, array_agg(DISTINCT called) AS calls FROM ({_CALLED}) d
        WHERE d.classid = 'pg_proc'::regclass GROUP BY objid
    )
    SELECT p.oid, p.pronamespace, p.proname, p.proowner, p.prosecdef,
        p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype), p.prokind = 'a',
        concat_ws(' ', COALESCE({{body}}, p.prosrc), pg_get_expr(p.proargdefaults, 0)),
        ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
            AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass),
        COALESCE(called.calls, '{{{{}}}}'),
        {_GRANTEES.format(acl="p.proacl", kind="f", owner="p.proowner", right="EXECUTE")}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
        LEFT JOIN called ON called.objid = p.oid
    WHERE {_OURS} AND (p.prosecdef OR p.prokind = 'a' OR l.lanname NOT IN ('internal', 'c'))
"""  # noqa: S608 - nothing in it comes from outside
FUNCTIONS, FUNCTIONS_BEFORE_14 = (_FUNCTIONS.format(body=each) for each in (_BODY, _BODY_BEFORE_14))
CALLS = f"""
    SELECT DISTINCT w.ev_class, d.called FROM pg_rewrite w
        JOIN ({_CALLED}) d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    WHERE w.ev_type = '1' AND w.ev_class >= 16384 AND d.called >= 16384
"""  # noqa: S608 - nothing in it comes from outside
HOOKS = f"""
    WITH uses (namespace, may_use) AS (
        SELECT n.oid, {_GRANTEES.format(acl="n.nspacl", kind="n", owner="n.nspowner", right="USAGE")}
        FROM pg_namespace n
    ), runs (called, relation, asks) AS (
        SELECT d.called, r.relation, true FROM ({_CALLED}) d JOIN (
            SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
            UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
            UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
            UNION ALL SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
            UNION ALL SELECT 'pg_class'::regclass, partrelid, partrelid FROM pg_partitioned_table
            UNION ALL SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite WHERE ev_type <> '1'
        ) r (classid, objid, relation) USING (classid, objid)
        UNION SELECT d.called, t.tgrelid, true FROM ({_CALLED}) d
            JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
            WHERE d.called <> t.tgfoid
        UNION SELECT tgfoid, tgrelid, false FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'
    )
    SELECT r.called, r.asks,
        ARRAY(SELECT e.grantee FROM aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) e
            UNION SELECT e.grantee FROM pg_attribute a, aclexplode(a.attacl) e
                WHERE a.attrelid = c.oid AND NOT a.attisdropped), u.may_use
    FROM runs r JOIN pg_class c ON c.oid = r.relation JOIN uses u ON u.namespace = c.relnamespace
    WHERE r.called >= 16384
    UNION ALL SELECT o.oprcode::oid, true, '{{0}}', u.may_use
        FROM pg_operator o JOIN uses u ON u.namespace = o.oprnamespace WHERE o.oprcode::oid >= 16384
    UNION ALL SELECT castfunc, true, '{{0}}', '{{0}}' FROM pg_cast WHERE castfunc >= 16384
    UNION ALL SELECT d.called, true, '{{0}}', '{{0}}' FROM ({_CALLED}) d JOIN pg_constraint k
        ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid AND k.contypid <> 0
    UNION ALL SELECT evtfoid, false, '{{0}}', '{{0}}' FROM pg_event_trigger
        WHERE evtenabled <> 'D' AND evtfoid >= 16384
"""  # noqa: S608 - nothing in it comes from outside
RULES = """
    WITH rules AS MATERIALIZED (
        SELECT oid, ev_class, ev_enabled, ev_qual::text AS when_, ev_action::text AS action,
            ARRAY(SELECT m[1]::oid FROM regexp_matches(ev_action::text, ':relid (\\d+) ', 'g') m) AS reads,
            CASE ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END AS right_
        FROM pg_rewrite WHERE ev_type IN ('2', '3', '4') AND ev_enabled <> 'D' AND ev_class >= 16384
    )
    SELECT w.ev_class, w.right_,
        w.when_ = '<>' AND w.ev_enabled <> 'R' AND w.action ~ '^\\(\\{QUERY :commandType 1 '
            AND w.action !~ '\\} \\{QUERY ',
        ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_rewrite'::regclass
            AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (w.reads)),
        ARRAY(SELECT e.grantee FROM aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) e
                WHERE e.privilege_type = w.right_
            UNION SELECT e.grantee FROM pg_attribute a, aclexplode(a.attacl) e
                WHERE a.attrelid = c.oid AND NOT a.attisdropped AND e.privilege_type = w.right_)
    FROM rules w JOIN pg_class c ON c.oid = w.ev_class
    WHERE w.action ~ '(^\\(|\\} )\\{QUERY :commandType 1 ' OR w.action LIKE '%:returningList (%'
"""
WATCHERS = """
    SELECT c.oid, array_agg(DISTINCT e.grantee) FROM pg_class c, aclexplode(c.relacl) e
    WHERE c.relkind IN ('r', 'p', 'v', 'f') AND e.privilege_type = 'TRIGGER' AND e.grantee <> c.relowner
        AND c.oid >= 16384
    GROUP BY c.oid
"""
SAMPLERS = """
    WITH kept (oid) AS (VALUES ('pg_statistic'::regclass), ('pg_statistic_ext_data'::regclass)),
    reads AS MATERIALIZED ( -- by the text: on what is the server's own there are no dependencies
        SELECT w.ev_class, k.oid FROM pg_rewrite w
        JOIN (TABLE kept UNION ALL VALUES ('pg_stats'::regclass)) k (oid)
            ON w.ev_action::text LIKE '%:relid ' || k.oid::oid || ' %'
        WHERE w.ev_type = '1' AND w.ev_class >= 16384
    ),
    views AS (
        SELECT c.oid, c.relacl, c.relowner FROM pg_class c JOIN reads r ON r.ev_class = c.oid
        WHERE c.relkind = 'm'
            OR r.oid IN (TABLE kept) AND has_any_column_privilege(c.relowner, r.oid, 'SELECT')
            AND NOT COALESCE(c.reloptions::text LIKE '%security_invoker=true%', false)
    )
    SELECT DISTINCT e.grantee FROM (
        SELECT relacl FROM pg_class WHERE oid IN (TABLE kept)
        UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid IN (TABLE kept)
        UNION ALL SELECT COALESCE(relacl, acldefault('r', relowner)) FROM views
        UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid IN (SELECT oid FROM views)
    ) given (acl), aclexplode(acl) e WHERE e.privilege_type = 'SELECT'
"""
TRUSTING = f"""
    SELECT p.proowner,
        array_agg(DISTINCT n.nspname || '.' || p.proname ORDER BY n.nspname || '.' || p.proname)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE {_OURS} AND p.prosecdef AND p.prosrc <> '' AND l.lanname NOT IN ('internal', 'c')
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')
        AND EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) e
            WHERE e.privilege_type = 'EXECUTE' AND e.grantee <> p.proowner)
    GROUP BY p.proowner ORDER BY p.proowner
"""  # noqa: S608 - nothing in it comes from outside
PUBLICATIONS = """
    SELECT p.pubname, p.puballtables, CASE WHEN p.puballtables THEN '{}' ELSE ARRAY(
        SELECT t.schemaname || '.' || t.tablename FROM pg_publication_tables t
        WHERE t.pubname = p.pubname ORDER BY 1) END
    FROM pg_publication p ORDER BY 1
"""
FOREIGN = "SELECT srvname, COALESCE(usename, 'public') FROM pg_user_mappings ORDER BY 1, 2"
HANDLERS = f"""
    WITH RECURSIVE runs (classid, objid, relation) AS (
        SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger
        UNION ALL SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
        UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
        UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
        UNION ALL SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
        UNION ALL SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite
    ), called AS MATERIALIZED ({_CALLED}), further AS (
        SELECT classid, objid, called FROM called
        UNION SELECT f.classid, f.objid, d.called FROM further f
            JOIN called d ON d.classid = 'pg_proc'::regclass AND d.objid = f.called
    )
    SELECT p.proname, p.proowner, array_agg(DISTINCT n.nspname || '.' || c.relname)
    FROM further d JOIN runs r USING (classid, objid) JOIN pg_class c ON c.oid = r.relation
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = d.called
        JOIN pg_roles o ON o.oid = p.proowner
    WHERE p.oid >= 16384 AND p.proowner <> c.relowner AND NOT o.rolsuper
    GROUP BY p.oid, p.proname, p.proowner ORDER BY p.proname, p.oid
"""  # noqa: S608 - nothing in it comes from outside
COMING = """
    SELECT d.defaclrole, n.nspname,
        ARRAY(SELECT DISTINCT a.grantee FROM aclexplode(d.defaclacl) a WHERE a.privilege_type = 'SELECT')
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE d.defaclobjtype = 'r'
"""
POWERS = f"""
    SELECT p.proname, p.prosrc,
        {_GRANTEES.format(acl="p.proacl", kind="f", owner="p.proowner", right="EXECUTE")},
        {_GRANTEES.format(acl="n.nspacl", kind="n", owner="n.nspowner", right="USAGE")}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE l.lanname IN ('internal', 'c') AND (p.proacl IS NOT NULL OR p.oid >= 16384)
        AND (p.prosrc ~ '^(pg_read_(binary_)?file|be_lo_(im|ex)port|pg_file_(write|rename))'
            OR p.prosrc = 'pg_get_wal_block_info' OR p.prosrc = 'dblink_connect' AND p.prosecdef)
"""  # noqa: S608 - nothing in it comes from outside
PARAMETERS_BEFORE_15 = "SELECT NULL, NULL, NULL WHERE false"
PARAMETERS = """
    SELECT p.parname, e.privilege_type, array_agg(DISTINCT e.grantee)
    FROM pg_parameter_acl p, aclexplode(p.paracl) e GROUP BY 1, 2 ORDER BY 1, 2
"""
