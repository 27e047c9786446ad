from typing import Any

from django.db import migrations, models


def tell_logs_apart(apps: Any, schema_editor: Any) -> None:
    """What begins with the same line is taken for one log: what was read behind it nobody kept."""
    log_import = apps.get_model("store", "LogImport")
    first: dict[tuple[str, str], str] = {}
    for each in log_import.objects.order_by("id"):
        each.log = first.setdefault((each.place, each.head), each.name)
        each.save(update_fields=["log"])


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0015_access"),
    ]

    operations = [
        migrations.AddField(
            model_name="logimport",
            name="log",
            field=models.CharField(db_index=True, default="", max_length=32),
            preserve_default=False,
        ),
        migrations.RunPython(tell_logs_apart, migrations.RunPython.noop),
    ]
