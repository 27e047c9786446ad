import time
from typing import Any

from django.db import migrations, models

HONEST = {"preview", "scanner", "image proxy", "crawler", "echo"}
SURE = 4.0


def sum_up(apps: Any, schema_editor: Any) -> None:
    """What the incidents of each token came to so far."""
    incident, used_token = apps.get_model("store", "Incident"), apps.get_model("store", "UsedToken")
    used: dict[str, Any] = {}
    for each in incident.objects.iterator():
        row = used.setdefault(
            each.token, used_token(token=each.token, owner=each.owner, first=each.first, counted=None)
        )
        row.first = min(row.first, each.first)
        honest = all(kind in HONEST for kind, _ in each.kinds)
        counts = not each.expected and not honest and each.score < SURE
        if counts and (row.counted is None or each.first < row.counted):
            row.counted, row.counted_party = each.first, each.party
        if each.score <= 0 and not each.expected:
            row.somebody = max(row.somebody or 0, each.last)
    used_token.objects.bulk_create(used.values(), batch_size=500)


def note_what_is_done(apps: Any, schema_editor: Any) -> None:
    """No alert has to be raised again, segments were taken by now, and tests are no alerts any more. What was
    tried and did not arrive is put in words anew, in the form that messages have from now on."""
    incident, raised = apps.get_model("store", "Incident"), apps.get_model("store", "Raised")
    upto = raised.objects.filter(name="incidents").values_list("upto", flat=True).first() or 0
    incident.objects.filter(changed__lte=upto).update(changed=None)
    raised.objects.filter(name="incidents").delete()
    apps.get_model("store", "TakenSegment").objects.update(at=time.time_ns() // 1_000)
    delivery, route_test = apps.get_model("store", "Delivery"), apps.get_model("store", "RouteTest")
    tests = delivery.objects.filter(alert__kind="test")
    for route, at in tests.filter(state="sent").order_by("sent_at").values_list("route", "sent_at"):
        route_test.objects.update_or_create(route=route, defaults={"at": at})
    tests.delete()
    delivery.objects.exclude(content=b"").update(content=b"")
    apps.get_model("store", "Alert").objects.filter(kind="test").delete()
    apps.get_model("store", "Case").objects.filter(subject="test", entries=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0006_cases"),
    ]

    operations = [
        migrations.CreateModel(
            name="RouteTest",
            fields=[
                ("route", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="UsedToken",
            fields=[
                ("token", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("owner", models.CharField(db_index=True, max_length=40)),
                ("first", models.BigIntegerField()),
                ("counted", models.BigIntegerField(null=True)),
                ("counted_party", models.CharField(default="", max_length=32)),
                ("somebody", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="takensegment",
            name="at",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="incident",
            name="changed",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["owner", "party"], name="incidents_by_party"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                fields=["owner", "changed"],
                condition=models.Q(("changed__isnull", False)),
                name="incidents_changed",
            ),
        ),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(fields=["incident", "expected", "score", "-id"], name="sightings_telling"),
        ),
        migrations.RunPython(sum_up),
        migrations.RunPython(note_what_is_done),
    ]
