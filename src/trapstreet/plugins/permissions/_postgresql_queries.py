"""What PostgreSQL's catalogues are asked for: the columns of each answer are the fields of its kind.

All of it may be read by everybody who can connect; nothing here asks for a right of its own.
"""

_GRANTEES = (
    "ARRAY(SELECT DISTINCT a.grantee FROM aclexplode(COALESCE({acl}, acldefault('{kind}', {owner}))) a"
    " WHERE a.privilege_type = '{right}')"
)
_OURS = "n.nspname !~ '^pg_(catalog|toast|temp_|toast_temp_)' AND n.nspname <> 'information_schema'"

ROLES = """
    SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcanlogin, rolreplication, rolbypassrls
    FROM pg_roles ORDER BY rolname
"""
MEMBERS_BEFORE_16 = """
    SELECT m.roleid, m.member, m.admin_option, r.rolinherit, true
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
"""
MEMBERS = "SELECT roleid, member, admin_option, inherit_option, set_option FROM pg_auth_members"
DATABASES = f"""
    SELECT oid, datname, datdba, datallowconn,
        {_GRANTEES.format(acl="datacl", kind="d", owner="datdba", right="CONNECT")}
    FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname
"""  # noqa: S608 - nothing in it comes from outside
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
        SELECT oid, ev_class, ev_action::text LIKE '%:varattno 0 %' AS whole_rows FROM pg_rewrite
        WHERE ev_type = '1' AND ev_class >= 16384 -- not the system's own
    )
    SELECT w.ev_class, d.refobjid, CASE WHEN NOT bool_or(w.whole_rows)
        THEN COALESCE(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum > 0), '{}') END
    FROM shows w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
    GROUP BY w.ev_class, d.refobjid
"""
PARTS = "SELECT inhparent, inhrelid FROM pg_inherits"
FUNCTIONS = f"""
    SELECT p.oid, p.pronamespace, p.proname, p.proowner, p.prosecdef,
        p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype), p.prosrc,
        ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
            AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass),
        {_GRANTEES.format(acl="p.proacl", kind="f", owner="p.proowner", right="EXECUTE")}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE {_OURS} AND (p.prosecdef OR l.lanname NOT IN ('internal', 'c'))
"""  # noqa: S608 - nothing in it comes from outside
CALLS = """
    SELECT DISTINCT w.ev_class, d.refobjid
    FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        JOIN pg_proc p ON p.oid = d.refobjid
    WHERE w.ev_type = '1' AND w.ev_class >= 16384 AND d.refclassid = 'pg_proc'::regclass AND p.prosecdef
"""
RULES = """
    WITH rules AS MATERIALIZED (
        SELECT oid, ev_class, ev_enabled, ev_qual::text AS when_, ev_action::text AS action,
            CASE ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END AS right_
        FROM pg_rewrite WHERE ev_type IN ('2', '3', '4') AND ev_enabled <> 'D' AND ev_class >= 16384
    )
    SELECT w.ev_class, w.right_,
        w.when_ = '<>' AND w.ev_enabled <> 'R' AND w.action ~ '^\\(\\{QUERY :commandType 1 '
            AND w.action !~ '\\} \\{QUERY ',
        ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_rewrite'::regclass
            AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass),
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
    SELECT DISTINCT e.grantee FROM (
        SELECT relacl FROM pg_class WHERE oid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
        UNION ALL SELECT attacl FROM pg_attribute
            WHERE attrelid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
    ) given (acl), aclexplode(acl) e WHERE e.privilege_type = 'SELECT'
"""
PUBLICATIONS = """
    SELECT p.pubname, p.puballtables, CASE WHEN p.puballtables THEN '{}' ELSE ARRAY(
        SELECT t.schemaname || '.' || t.tablename FROM pg_publication_tables t
        WHERE t.pubname = p.pubname ORDER BY 1) END
    FROM pg_publication p ORDER BY 1
"""
FOREIGN = "SELECT srvname, COALESCE(usename, 'public') FROM pg_user_mappings ORDER BY 1, 2"
HANDLERS = """
    WITH runs (classid, objid, relation) AS (
        SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger
        UNION ALL SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
        UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
        UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
        UNION ALL SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
    )
    SELECT p.proname, p.proowner, array_agg(DISTINCT n.nspname || '.' || c.relname)
    FROM pg_depend d JOIN runs r USING (classid, objid) JOIN pg_class c ON c.oid = r.relation
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = d.refobjid
        JOIN pg_roles o ON o.oid = p.proowner
    WHERE d.refclassid = 'pg_proc'::regclass AND p.oid >= 16384
        AND p.proowner <> c.relowner AND NOT o.rolsuper
    GROUP BY p.oid, p.proname, p.proowner ORDER BY p.proname, p.oid
"""
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
