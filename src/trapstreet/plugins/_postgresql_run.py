"""Functions of PostgreSQL, and of what comes with it, that run SQL which is given to them as a text."""

RUN_SQL = frozenset(
    "ts_stat ts_rewrite crosstab crosstab2 crosstab3 crosstab4 crosstabn connectby xpath_table query_to_xml"
    " query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml"
    " table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema"
    " schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema"
    " database_to_xml_and_xmlschema".split()
)
