"""Requests are signed as Standard Webhooks has it."""

from pathlib import Path

import pytest

from receivers import private_file
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.notifiers.webhook import signed, signing_key


def test_the_signature_is_that_of_the_specifications_example(tmp_path: Path) -> None:
    key = signing_key(private_file(tmp_path, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"))
    headers = signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.7, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    "text",
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?", "whsec_c2hvcnQ=", "whsec_nö!", f"whsec_{'A' * 100}"],
)
def test_what_is_no_secret_of_a_webhook_is_refused_and_not_shown(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="holds no secret of a webhook") as caught:
        signing_key(private_file(tmp_path, "secret", text))
    assert text not in str(caught.value)
