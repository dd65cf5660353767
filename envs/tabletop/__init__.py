"""A tabletop of our own: a small arm, coloured blocks, zones, a drawer and a button, asked for things in sentences."""

from vlmrl.envs.tabletop.build import task
from vlmrl.envs.tabletop.grammar import caption, instructions, parse, sentences, wordings
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.looks import Looks

__all__ = ["Instruction", "Looks", "caption", "instructions", "parse", "sentences", "task", "wordings"]
