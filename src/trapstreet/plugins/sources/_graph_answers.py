"""What Microsoft Graph answers, as far as it is looked at."""

from typing import Generic, TypeVar

import msgspec

_Given = TypeVar("_Given")


class Page(msgspec.Struct, Generic[_Given]):
    """One page of a list. following: the next; changes: where the list goes on when something has changed."""

    value: list[_Given]
    following: str | None = msgspec.field(name="@odata.nextLink", default=None)
    changes: str | None = msgspec.field(name="@odata.deltaLink", default=None)


class Site(msgspec.Struct, rename="camel"):
    id: str
    web_url: str | None = None


class Drive(msgspec.Struct, rename="camel"):
    """A library of a site, or somebody's OneDrive."""

    id: str
    web_url: str | None = None


class Facet(msgspec.Struct):
    """Something that an item has."""


class Parent(msgspec.Struct):
    id: str | None = None


class Item(msgspec.Struct, rename="camel"):
    """A file or folder, or what became of one. shared: it is, by itself and not with its folder."""

    id: str
    name: str | None = None
    size: int | None = None
    web_url: str | None = None
    web_dav_url: str | None = None
    e_tag: str | None = None
    c_tag: str | None = None
    last_modified_date_time: str | None = None
    parent_reference: Parent | None = None
    file: Facet | None = None
    package: Facet | None = None
    remote_item: Facet | None = None
    deleted: Facet | None = None
    shared: Facet | None = None
    download_url: str | None = msgspec.field(name="@microsoft.graph.downloadUrl", default=None)

    @property
    def version(self) -> str:
        """What is another one when the content is."""
        return self.c_tag or self.e_tag or ""


ASKED = (
    "id,name,size,webUrl,webDavUrl,eTag,cTag,lastModifiedDateTime,parentReference,file,package,remoteItem,"
    "deleted,shared"
)
"""The properties of an Item that a listing needs."""


class Link(msgspec.Struct):
    scope: str | None = None


class Account(msgspec.Struct, rename="camel"):
    login_name: str | None = None


class Whom(msgspec.Struct, rename="camel"):
    site_user: Account | None = None
    site_group: Account | None = None


class Permission(msgspec.Struct, rename="camel"):
    link: Link | None = None
    has_password: bool | None = None
    granted_to_v2: Whom | None = None
