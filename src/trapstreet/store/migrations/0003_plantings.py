import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_editions_and_pools"),
    ]

    operations = [
        migrations.CreateModel(
            name="Planting",
            fields=[
                ("id", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("number", models.IntegerField(unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("place", models.TextField()),
                ("location", models.TextField()),
                ("links", models.JSONField()),
                ("tables", models.JSONField()),
                ("owner", models.CharField(max_length=200)),
                ("purpose", models.TextField()),
                ("tags", models.JSONField()),
                ("created_at", models.BigIntegerField()),
                ("expires_at", models.BigIntegerField(null=True)),
                ("planted_at", models.BigIntegerField(null=True)),
                ("removed_at", models.BigIntegerField(null=True)),
                ("decoys", models.IntegerField()),
                ("strippable", models.BooleanField()),
                ("profiles", models.JSONField()),
                ("record_ids", models.BinaryField()),
                ("cells", models.BinaryField()),
                ("kin", models.BinaryField()),
                ("tokens", models.BinaryField()),
                (
                    "data_set",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plantings",
                        to="store.dataset",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Decoy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.IntegerField()),
                ("state", models.CharField(max_length=8)),
                ("since", models.BigIntegerField()),
                ("removed_at", models.BigIntegerField(null=True)),
                (
                    "planting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="each", to="store.planting"
                    ),
                ),
            ],
            options={
                "ordering": ["planting__number", "at"],
                "constraints": [
                    models.UniqueConstraint(fields=("planting", "at"), name="one_decoy_of_each_position")
                ],
            },
        ),
    ]
