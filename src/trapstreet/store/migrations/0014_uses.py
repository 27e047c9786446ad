from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0013_holdings"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=32, unique=True)),
                ("place", models.TextField()),
                ("kind", models.CharField(max_length=32)),
                ("label", models.TextField()),
                ("head", models.CharField(db_index=True, max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                ("lines", models.BigIntegerField()),
                ("events", models.BigIntegerField()),
                ("unparsed", models.BigIntegerField()),
                ("unread", models.BigIntegerField()),
                ("first", models.BigIntegerField(null=True)),
                ("last", models.BigIntegerField(null=True)),
                ("imported_at", models.BigIntegerField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
    ]
