import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0008_watching"),
    ]

    operations = [
        migrations.CreateModel(
            name="Found",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.CharField(max_length=32)),
                ("text", models.CharField(db_index=True, max_length=32)),
                ("records", models.CharField(db_index=True, max_length=32)),
                ("first_at", models.BigIntegerField()),
                ("last_at", models.BigIntegerField()),
                ("content", models.BinaryField()),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="found",
                        to="store.alert",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="found",
            constraint=models.UniqueConstraint(fields=("alert", "place"), name="each_place_of_a_leak_once"),
        ),
    ]
