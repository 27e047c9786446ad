from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0010_control"),
    ]

    operations = [
        migrations.CreateModel(
            name="IndexedSegment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=128, unique=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="watchedsource",
            name="recall_at",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="seenobject",
            name="recalled",
            field=models.JSONField(null=True),
        ),
        migrations.AddIndex(
            model_name="seenobject",
            index=models.Index(fields=["source"], condition=Q(recalled__isnull=False), name="seen_recalled"),
        ),
    ]
