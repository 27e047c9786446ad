import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_found"),
    ]

    operations = [
        migrations.CreateModel(
            name="ControlRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sort", models.CharField(max_length=8)),
                ("path", models.TextField()),
                ("name", models.TextField(default="")),
                ("every", models.BigIntegerField()),
                ("content", models.CharField(default="", max_length=64)),
                ("coming", models.CharField(default="", max_length=64)),
                ("shows", models.JSONField(null=True)),
                ("put_at", models.BigIntegerField()),
                ("due_at", models.BigIntegerField()),
                ("awaited", models.BooleanField(default=True)),
                ("proved_at", models.BigIntegerField(null=True)),
                ("took", models.BigIntegerField(null=True)),
                ("failing_since", models.BigIntegerField(null=True)),
                ("why", models.TextField(default="")),
                ("told", models.BooleanField(default=False)),
                (
                    "planting",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.planting",
                    ),
                ),
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="control",
                        to="store.watchedsource",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SourceRhythm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("gaps", models.IntegerField(default=0)),
                ("longest", models.JSONField(default=list)),
                ("told", models.BooleanField(default=False)),
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rhythm",
                        to="store.watchedsource",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
    ]
