from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def note_owners(apps: Any, schema_editor: Any) -> None:
    """Incidents that are there already say whose decoy it was."""
    incidents = apps.get_model("store", "Incident").objects
    for token in incidents.order_by().values_list("token", flat=True).distinct():
        incidents.filter(token=token).update(owner=token.partition(" ")[2].rpartition("/")[0])


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0005_sightings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=240, unique=True)),
                ("kind", models.CharField(max_length=16)),
                ("severity", models.IntegerField()),
                ("at", models.BigIntegerField()),
                ("raised_at", models.BigIntegerField()),
                ("content", models.BinaryField()),
                ("acknowledged_at", models.BigIntegerField(null=True)),
                ("assigned", models.BinaryField(default=b"")),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=240)),
                ("severity", models.IntegerField()),
                ("opened_at", models.BigIntegerField()),
                ("aware_since", models.BigIntegerField(null=True)),
                ("closed_at", models.BigIntegerField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CaseEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("content", models.BinaryField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("route", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=16)),
                ("bundle", models.CharField(max_length=32)),
                ("message", models.CharField(default="", max_length=64)),
                ("content", models.BinaryField(default=b"")),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("created_at", models.BigIntegerField()),
                ("due_at", models.BigIntegerField()),
                ("begun_at", models.BigIntegerField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("leased_until", models.BigIntegerField(default=0)),
                ("leased_by", models.CharField(default="", max_length=64)),
                ("sent_at", models.BigIntegerField(null=True)),
                ("error", models.TextField(default="")),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("holder", models.CharField(max_length=64)),
                ("until", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Raised",
            fields=[
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("upto", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="incident",
            name="changed",
            field=models.BigIntegerField(db_index=True, default=0),
        ),
        migrations.AddField(
            model_name="incident",
            name="expected",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="incident",
            name="named",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="incident",
            name="owner",
            field=models.CharField(default="", max_length=40),
        ),
        migrations.AddField(
            model_name="sighting",
            name="expected",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="sighting",
            name="named",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["owner", "last"], name="incidents_by_owner"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("subject",),
                name="one_open_case_of_a_subject",
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="store.case"
            ),
        ),
        migrations.AddField(
            model_name="caseentry",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="store.case"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="alert",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="store.alert"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["state", "route", "due_at"], name="deliveries_due"),
        ),
        migrations.CreateModel(
            name="TakenCallback",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("at", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="expecteduse",
            name="planting",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="expected_uses",
                to="store.planting",
            ),
        ),
        migrations.AddField(
            model_name="expecteduse",
            name="senders",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="expecteduse",
            name="copy",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="expected_uses",
                to="store.copy",
            ),
        ),
        migrations.RunPython(note_owners),
    ]
