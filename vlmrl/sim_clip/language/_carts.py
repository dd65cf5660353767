"""What is said alike of every cart on a rail: where it is."""

from __future__ import annotations

from vlmrl.sim_clip.grammar import Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn

CART = ways(
    "the cart; the wagon; the box; the trolley; the base; the sled; the car; the vehicle; the block; the platform; the "
    "carriage"
)

END = ways(
    "is at the SIDE end; is at the SIDE end of the rail; is all the way to the SIDE; is far to the SIDE; is at the far "
    "SIDE; has moved to the SIDE edge; stands at the SIDE end of the track; touches the SIDE stop; is on the extreme "
    "SIDE; is as far SIDE as it can go; is parked at the SIDE end; is at the SIDE edge; is on the far SIDE side; is "
    "pushed against the SIDE end; has gone all the way SIDE; sits at the SIDEmost point"
)
END_PHRASES = ways(
    "at the SIDE end of the rail; at the far SIDE; all the way to the SIDE; at the SIDE edge of the track; pushed to "
    "the SIDE end; parked on the extreme SIDE"
)
END_COMMANDS = ways(
    "move the cart to the SIDE end; drive all the way SIDE; push the cart to the far SIDE; go to the SIDE edge; send "
    "the cart to the SIDE end of the rail; take the cart as far SIDE as possible"
)
HALF = ways(
    "is SIDE of the middle; is on the SIDE half of the rail; is halfway to the SIDE end; is between the middle and the "
    "SIDE end; is on the SIDE side; is to the SIDE of the centre"
)
HALF_PHRASES = ways("on the SIDE half of the rail; SIDE of the middle; halfway to the SIDE end; on the SIDE side")
LITTLE_LEFT = ways(
    "is a little left of the middle; is just left of the centre; is slightly to the left of the middle; has moved a "
    "bit to the left"
)
MIDDLE = ways(
    "is in the middle; is at the centre of the rail; is in the middle of the rail; is centred; is halfway between the "
    "ends; stands in the centre; stays in the middle; is near the middle of the track; is right in the centre"
)
MIDDLE_PHRASES = ways("in the middle of the rail; at the centre; in the middle; centred on the track")
MIDDLE_COMMANDS = ways(
    "keep the cart in the middle; move the cart to the centre; stay in the middle of the rail; bring the cart back to "
    "the middle"
)


def _to(side: str, said: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.replace("SIDE", side) for text in said)


def cart_values(position: StateFn, rail: float) -> tuple[Value, ...]:
    """Values of the fact ``cart``, for a cart within plus and minus ``rail`` [m]."""

    def at(share: float) -> StateFn:
        return lambda state: near(position(state), share * rail, -rail, rail)

    def end(side: str, share: float) -> Value:
        return Value(f"cart.{side}_end", at(share), _to(side, END), _to(side, END_PHRASES), _to(side, END_COMMANDS))

    def half(side: str, share: float) -> Value:
        return Value(f"cart.{side}", at(share), _to(side, HALF), _to(side, HALF_PHRASES))

    return (
        end("left", -1),
        half("left", -0.5),
        Value("cart.little_left", at(-0.25), LITTLE_LEFT),
        Value("cart.middle", at(0), MIDDLE, MIDDLE_PHRASES, MIDDLE_COMMANDS),
        half("right", 0.5),
        end("right", 1),
    )
