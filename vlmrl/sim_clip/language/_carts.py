"""What is said alike of every cart on a rail: where it is."""

from __future__ import annotations

from vlmrl.sim_clip.grammar import Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn

CART = ways("the cart; the wagon; the box; the trolley; the base; the carriage")


def cart_values(position: StateFn, rail: float) -> tuple[Value, ...]:
    """Values of the fact ``cart``, for a cart within plus and minus ``rail`` [m]."""

    def at(share: float) -> StateFn:
        return lambda state: near(position(state), share * rail, -rail, rail)

    def end(side: str) -> tuple[str, ...]:
        return (
            f"is at the {side} end",
            f"is at the {side} end of the rail",
            f"is all the way to the {side}",
            f"is far to the {side}",
            f"is at the far {side}",
            f"has moved to the {side} edge",
            f"stands at the {side} end of the track",
            f"touches the {side} stop",
            f"is on the extreme {side}",
            f"is as far {side} as it can go",
            f"is parked at the {side} end",
            f"is at the {side} edge",
            f"is on the far {side} side",
            f"is pushed against the {side} end",
            f"has gone all the way {side}",
            f"sits at the {side}most point",
        )

    def end_phrases(side: str) -> tuple[str, ...]:
        return (
            f"at the {side} end of the rail",
            f"at the far {side}",
            f"all the way to the {side}",
            f"at the {side} edge of the track",
            f"pushed to the {side} end",
            f"parked on the extreme {side}",
        )

    def end_commands(side: str) -> tuple[str, ...]:
        return (
            f"move the cart to the {side} end",
            f"drive all the way {side}",
            f"push the cart to the far {side}",
            f"go to the {side} edge",
            f"send the cart to the {side} end of the rail",
            f"take the cart as far {side} as possible",
        )

    def half(side: str) -> tuple[str, ...]:
        return (
            "is left of the middle" if side == "left" else "is right of the middle",
            f"is on the {side} half of the rail",
            f"is halfway to the {side} end",
            f"is between the middle and the {side} end",
            f"is on the {side} side",
            f"is to the {side} of the centre",
        )

    return (
        Value("cart.left_end", at(-1), end("left"), end_phrases("left"), end_commands("left")),
        Value(
            "cart.left",
            at(-0.5),
            half("left"),
            ways("on the left half of the rail; left of the middle; halfway to the left end; on the left side"),
        ),
        Value(
            "cart.little_left",
            at(-0.25),
            ways(
                "is a little left of the middle; is just left of the centre; is slightly to the left of the "
                "middle; has moved a bit to the left"
            ),
        ),
        Value(
            "cart.middle",
            at(0),
            ways(
                "is in the middle; is at the centre of the rail; is in the middle of the rail; is centred; is "
                "halfway between the ends; stands in the centre; stays in the middle; is near the middle of "
                "the track; is right in the centre"
            ),
            ways("in the middle of the rail; at the centre; in the middle; centred on the track"),
            ways(
                "keep the cart in the middle; move the cart to the centre; stay in the middle of the rail; "
                "bring the cart back to the middle"
            ),
        ),
        Value(
            "cart.right",
            at(0.5),
            half("right"),
            ways("on the right half of the rail; right of the middle; halfway to the right end; on the right side"),
        ),
        Value("cart.right_end", at(1), end("right"), end_phrases("right"), end_commands("right")),
    )
