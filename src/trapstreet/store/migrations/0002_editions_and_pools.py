from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def first_editions(apps: Any, schema_editor: Any) -> None:
    """Every copy that was handed out is its own first edition."""
    Copy, Edition = apps.get_model("store", "Copy"), apps.get_model("store", "Edition")
    for copy in Copy.objects.order_by("number").iterator(chunk_size=1000):
        Edition.objects.create(
            copy=copy,
            version_id=copy.version_id,
            issued_at=copy.created_at,
            rows=copy.rows,
            opening=copy.nonce,
            commitment=copy.commitment,
        )


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Pool",
            fields=[
                ("id", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("created_at", models.BigIntegerField()),
                ("columns", models.JSONField()),
                ("decoys", models.IntegerField()),
                ("profiles", models.JSONField()),
                ("record_ids", models.BinaryField()),
                ("cells", models.BinaryField()),
                (
                    "data_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pools", to="store.dataset"
                    ),
                ),
            ],
            options={"ordering": ["created_at"]},
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issued_at", models.BigIntegerField()),
                ("rows", models.BigIntegerField()),
                ("opening", models.BinaryField()),
                ("commitment", models.CharField(max_length=64)),
                (
                    "copy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="editions",
                        to="store.copy",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="editions",
                        to="store.version",
                    ),
                ),
            ],
            options={
                "ordering": ["version__number"],
                "constraints": [
                    models.UniqueConstraint(fields=("copy", "version"), name="one_edition_of_each_version")
                ],
            },
        ),
        migrations.RunPython(first_editions),
        migrations.RemoveField(model_name="copy", name="commitment"),
        migrations.RemoveField(model_name="copy", name="nonce"),
        migrations.RemoveField(model_name="copy", name="rows"),
        migrations.RemoveField(model_name="copy", name="version"),
        migrations.AddField(model_name="copy", name="expires_at", field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name="copy", name="withdrawn_at", field=models.BigIntegerField(null=True)),
        migrations.AddField(
            model_name="copy",
            name="pool",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="store.pool",
            ),
        ),
    ]
