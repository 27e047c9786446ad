"""What Django must know to be an ORM and no more."""

INSTALLED_APPS = ["trapstreet.store"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"


def configure() -> None:
    """Django is set up after this, with no database yet; a second call does nothing."""
    from django.conf import settings

    if settings.configured:
        return
    from django.apps import apps

    settings.configure(
        INSTALLED_APPS=INSTALLED_APPS,
        DEFAULT_AUTO_FIELD=DEFAULT_AUTO_FIELD,
        USE_TZ=USE_TZ,
        TIME_ZONE=TIME_ZONE,
        LOGGING_CONFIG=None,
    )
    apps.populate(settings.INSTALLED_APPS)  # django.setup() would load what pages are served with, too
