"""What the texts of MariaDB's views name."""

import time

from trapstreet.plugins.permissions._mariadb_views import shown_by

CUSTOMERS = ("shop", "customers")


def test_a_text_full_of_columns_takes_no_longer_than_it_is_long() -> None:
    named = " ".join(f"`customers`.`{n}` `other`.`{n}`" for n in range(20_000))
    text = f"select `shop`.`customers`.`id` AS `id`,'{named}' AS `x` from `shop`.`customers`"
    began = time.process_time()
    shown = shown_by(text, {CUSTOMERS})
    assert time.process_time() - began < 2
    assert len(shown[CUSTOMERS]) == 20_001


def test_what_a_literal_has_before_a_table_does_not_hide_it() -> None:
    text = "select 'from `a`.`' AS `x` from (`shop`.`customers` `c` join `shop`.`orders`) where `c`.`id` = 1"
    assert set(shown_by(text, {CUSTOMERS, ("shop", "orders")})) == {CUSTOMERS, ("shop", "orders")}
