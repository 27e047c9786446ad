"""What is asked of MariaDB's grant tables and information_schema."""

_OURS = "TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
ACCOUNTS = """
    SELECT User, Host, is_role = 'Y', default_role, Select_priv = 'Y', File_priv = 'Y', Super_priv = 'Y',
        Execute_priv = 'Y', Alter_priv = 'Y' OR Index_priv = 'Y', Alter_routine_priv = 'Y', Create_priv = 'Y',
        Drop_priv = 'Y', Create_view_priv = 'Y', Create_routine_priv = 'Y', Delete_priv = 'Y',
        Insert_priv = 'Y', Update_priv = 'Y', Grant_priv = 'Y', plugin,
        (SELECT JSON_EXTRACT(Priv, '$.auth_or[*].plugin') FROM mysql.global_priv
            WHERE global_priv.User = user.User AND global_priv.Host = user.Host)
    FROM mysql.user ORDER BY User, Host
"""
DATABASES = """
    SELECT Host, Db, User, Select_priv = 'Y', Execute_priv = 'Y',
        Insert_priv = 'Y' OR Update_priv = 'Y' OR Alter_priv = 'Y', Alter_priv = 'Y' OR Index_priv = 'Y',
        Alter_routine_priv = 'Y', Create_priv = 'Y', Drop_priv = 'Y', Create_view_priv = 'Y',
        Create_routine_priv = 'Y', Delete_priv = 'Y', Insert_priv = 'Y', Update_priv = 'Y',
        Grant_priv = 'Y'
    FROM mysql.db
"""
TABLES = """
    SELECT Host, User, Db, Table_name, FIND_IN_SET('Select', Table_priv) > 0,
        FIND_IN_SET('Alter', Table_priv) OR FIND_IN_SET('Index', Table_priv),
        FIND_IN_SET('Create', Table_priv) > 0, FIND_IN_SET('Drop', Table_priv) > 0,
        FIND_IN_SET('Create View', Table_priv) > 0, FIND_IN_SET('Delete', Table_priv) > 0,
        FIND_IN_SET('Insert', Table_priv) OR FIND_IN_SET('Insert', Column_priv),
        FIND_IN_SET('Update', Table_priv) OR FIND_IN_SET('Update', Column_priv),
        FIND_IN_SET('Grant', Table_priv) > 0
    FROM mysql.tables_priv
"""
COLUMNS = """
    SELECT Host, User, Db, Table_name, Column_name FROM mysql.columns_priv
    WHERE FIND_IN_SET('Select', Column_priv)
"""
SEES_ALL = """
    SELECT SUM(Show_view_priv = 'Y' OR References_priv = 'Y' OR Select_priv = 'Y' OR Insert_priv = 'Y') > 0
    FROM mysql.user WHERE CONCAT(User, '@', Host) = CURRENT_USER()
"""
SEES_ROUTINES = "SELECT body FROM mysql.proc LIMIT 0"
"""Refused to those to whom information_schema tells of no routines but their own."""

ROUTINES = """
    SELECT Host, User, Db, Routine_name, Routine_type, FIND_IN_SET('Execute', Proc_priv) > 0,
        FIND_IN_SET('Alter Routine', Proc_priv) > 0
    FROM mysql.procs_priv
"""
MEMBERS = "SELECT Host, User, Role, Admin_option = 'Y' FROM mysql.roles_mapping"
PROXIES = "SELECT Host, User, Proxied_host, Proxied_user FROM mysql.proxies_priv"
RELATIONS = f"""
    SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, TABLE_ROWS,
        TABLE_TYPE <> 'SEQUENCE' AND ENGINE IN ('InnoDB', 'MyISAM', 'Aria', 'MEMORY')
    FROM information_schema.TABLES
    WHERE {_OURS} ORDER BY 1, 2
"""  # noqa: S608 - nothing in it comes from outside
VIEWS = f"""
    SELECT TABLE_SCHEMA, TABLE_NAME, DEFINER, SECURITY_TYPE = 'DEFINER', VIEW_DEFINITION
    FROM information_schema.VIEWS WHERE {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
FUNCTIONS = """
    SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, DEFINER, SECURITY_TYPE = 'DEFINER', ROUTINE_DEFINITION
    FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA NOT IN ('mysql', 'sys')
"""
