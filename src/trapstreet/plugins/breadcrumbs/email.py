"""An e-mail address that nobody writes to: a name at one of the owner's mail domains, or behind a "+"."""

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _address

title = "e-mail address"
needs = ("domains",)
channels = ("smtp",)
reveals = (
    "The domain and its mail server, as of any address. Whoever writes to it gets no answer. Its name is "
    "made up: somebody who knows everybody in the organisation knows that it is nobody's. With --plus it "
    'shows the mailbox, and whoever takes away what stands behind the "+" writes to that instead.'
)


settings = _address.Settings


def make(settings: _address.Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """An address in the style of the example, else in one that is usual."""
    address = _address.address(settings, resources, draws)
    domain = address.rpartition("@")[2]
    reached = "the mailbox that your trap reads" if settings.plus else "your trap"
    return Made(
        text=f"{address}\n\nPut it where a list of addresses would be copied from. Nobody may have this "
        f"address, and mail to {domain} has to reach {reached}.",
        tokens=(Token("smtp", address),),
    )
