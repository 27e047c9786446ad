import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0012_evidence"),
    ]

    operations = [
        migrations.CreateModel(
            name="DiscoveredPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("edition", models.CharField(max_length=200)),
                ("policy", models.CharField(max_length=32)),
                ("ended_at", models.BigIntegerField()),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="DiscoveredObject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.BinaryField(max_length=16)),
                ("state", models.BigIntegerField()),
                ("path", models.JSONField()),
                ("holdings", models.JSONField()),
                ("unread", models.JSONField()),
                ("looked_at", models.BigIntegerField()),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="objects_there",
                        to="store.discoveredplace",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="discoveredobject",
            constraint=models.UniqueConstraint(fields=("place", "key"), name="one_row_of_a_discovery"),
        ),
    ]
