import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0007_floods"),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchTotal",
            fields=[
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("count", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="WatchedSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64, unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("options", models.JSONField()),
                ("host", models.CharField(default="", max_length=255)),
                ("every", models.BigIntegerField()),
                ("rules", models.JSONField()),
                ("added_at", models.BigIntegerField()),
                ("cursor", models.TextField(default="")),
                ("due_at", models.BigIntegerField(db_index=True)),
                ("leased_until", models.BigIntegerField(default=0)),
                ("leased_by", models.CharField(default="", max_length=80)),
                ("began_at", models.BigIntegerField(null=True)),
                ("ended_at", models.BigIntegerField(null=True)),
                ("whole_at", models.BigIntegerField(null=True)),
                ("quick", models.BooleanField(default=False)),
                ("failing_since", models.BigIntegerField(null=True)),
                ("failing", models.TextField(default="")),
                ("failures", models.IntegerField(default=0)),
                ("told", models.BooleanField(default=False)),
                ("objects_there", models.BigIntegerField(default=0)),
                ("figures", models.JSONField()),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.CreateModel(
            name="SeenObject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.BinaryField(max_length=16)),
                ("state", models.BigIntegerField()),
                ("path", models.TextField()),
                ("size", models.BigIntegerField(null=True)),
                ("readers", models.CharField(max_length=64)),
                ("first_at", models.BigIntegerField()),
                ("read_at", models.BigIntegerField()),
                ("gone_at", models.BigIntegerField(null=True)),
                ("again_at", models.BigIntegerField(null=True)),
                ("why", models.TextField(default="")),
                ("found", models.IntegerField(default=0)),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seen",
                        to="store.watchedsource",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("why", ""), _negated=True), fields=["source"], name="seen_unread"
                    ),
                    models.Index(condition=models.Q(("found__gt", 0)), fields=["source"], name="seen_found"),
                    models.Index(
                        condition=models.Q(("again_at__isnull", False)), fields=["source"], name="seen_again"
                    ),
                    models.Index(
                        condition=models.Q(("gone_at__isnull", False)), fields=["source"], name="seen_gone"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "key"), name="one_row_of_an_object"),
                ],
            },
        ),
    ]
