"""Cart-pole: where the pole points, where the cart is. "A little right of the middle" is never said: it is held out."""

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.tasks.cartpole import RAIL
from vlmrl.sim_clip.grammar import Domain, ways
from vlmrl.sim_clip.language._carts import CART, cart_values
from vlmrl.sim_clip.language._rods import POLE, rod_values

DOMAIN = Domain(
    tasks=("cartpole/upright", "cartpole/balance", "cartpole/left", "cartpole/right"),
    subjects={"pole": POLE, "cart": CART},
    values=rod_values(lambda state: state.qpos[..., 1]) + cart_values(lambda state: state.qpos[..., 0], RAIL),
    neutral=ways(
        "a pole on a cart; a cart with a pole; a cart and a pole; a pole and cart; a cart-pole; a "
        "cart on a rail; a rod on a wagon; a stick attached to a cart; a simulated cart with a pole "
        "on it"
    ),
    poses=UniformPose((-RAIL, -3.1416), (RAIL, 3.1416)),
    bodies=("cart", "pole_1"),
    pairs=(("pole", "cart"),),
    asked={
        "cartpole/upright": ("pole.upright",),
        "cartpole/balance": ("pole.upright",),
        "cartpole/left": ("cart.left_end",),
        "cartpole/right": ("cart.right_end",),
    },
)
