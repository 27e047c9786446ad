"""Settings for the tools that read the models: the mypy plugin and `python -m django makemigrations`."""

from trapstreet.store.django_settings import DEFAULT_AUTO_FIELD, INSTALLED_APPS, TIME_ZONE, USE_TZ

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "INSTALLED_APPS", "SECRET_KEY", "TIME_ZONE", "USE_TZ"]

SECRET_KEY = "for tools only: no signature is ever made with it"  # noqa: S105
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
