"""A small part of Notion's formula language, enough for arithmetic, texts and conditions.

Covered: literals, prop("…"), + - * / % ^, comparisons, and/or/not, ternaries, parentheses, calls
and dotted calls of the functions in `_FUNCTIONS`. Anything else makes the formula null.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import Any

Lookup = Callable[[str], Any]
Node = Callable[[Lookup], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>\"(?:\\.|[^\"\\])*\")|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>==|!=|>=|<=|&&|\|\||[-+*/%^()<>,.?:!]))"
)
_LEVELS: tuple[dict[str, str], ...] = (
    {"or": "or", "||": "or"},
    {"and": "and", "&&": "and"},
    {"==": "==", "!=": "!="},
    {">": ">", "<": "<", ">=": ">=", "<=": "<="},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/", "%": "%"},
    {"^": "^"},
)
_LONGEST_RESULT = 10_000


class FormulaError(Exception):
    """The expression is beyond what is covered, or cannot be computed for a page."""


def evaluate(expression: str, lookup: Lookup) -> Any:
    """The value of `expression`; `lookup` gives the plain value of a property by name.

    Returns a str, int, float, bool, a date as reading.py has it, a list, or None. Raises
    FormulaError.
    """
    try:
        return _compiled(expression)(lookup)
    except (ArithmeticError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise FormulaError(str(error)) from error


@functools.lru_cache(maxsize=512)
def _compiled(expression: str) -> Node:
    reading = _Reading(_tokens(expression))
    node = reading.ternary()
    if reading.peek():
        raise FormulaError(f"unexpected {reading.peek()}")
    return node


def _tokens(expression: str) -> list[str]:
    found, at = [], 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(f"cannot read {text[at : at + 10]}")
        found.append(match.group().strip())
        at = match.end()
    return found


class _Reading:
    """A recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise FormulaError(f"expected {expected or 'more'}, found {token or 'the end'}")
        self._at += 1
        return token

    def ternary(self) -> Node:
        condition = self._binary(0)
        if self.peek() != "?":
            return condition
        self.take("?")
        yes = self.ternary()
        self.take(":")
        no = self.ternary()
        return lambda look: yes(look) if condition(look) else no(look)

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.peek() in _LEVELS[level]:
            sign = _LEVELS[level][self.take()]
            left = functools.partial(_operate, sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        if self.peek() in {"not", "!"}:
            self.take()
            inner = self._unary()
            return lambda look: not inner(look)
        if self.peek() == "-":
            self.take()
            inner = self._unary()
            return lambda look: -inner(look)
        return self._dotted(self._primary())

    def _dotted(self, node: Node) -> Node:
        while self.peek() == ".":
            self.take(".")
            name = self.take()
            node = functools.partial(_call, name, [node, *self._arguments()])
        return node

    def _primary(self) -> Node:
        token = self.take()
        if token == "(":  # noqa: S105 - a parenthesis
            node = self.ternary()
            self.take(")")
            return node
        if token[0] == '"':
            text = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), token[1:-1])
            return lambda _: text
        if token[0].isdigit():
            number = float(token) if "." in token else int(token)
            return lambda _: number
        return self._word(token)

    def _word(self, word: str) -> Node:
        constants: dict[str, Any] = {"true": True, "false": False, "pi": math.pi, "e": math.e}
        if word in constants:
            return lambda _: constants[word]
        arguments = self._arguments()
        if word == "prop":
            return lambda look: look(arguments[0](look))
        return functools.partial(_call, word, arguments)

    def _arguments(self) -> list[Node]:
        self.take("(")
        found: list[Node] = []
        while self.peek() != ")":
            found.append(self.ternary())
            if self.peek() == ",":
                self.take(",")
        self.take(")")
        return found


def _operate(sign: str, left: Node, right: Node, look: Lookup) -> Any:
    if sign == "and":
        return bool(left(look)) and bool(right(look))
    if sign == "or":
        return bool(left(look)) or bool(right(look))
    first, second = left(look), right(look)
    if sign == "+" and (isinstance(first, str) or isinstance(second, str)):
        return _format(first) + _format(second)
    operations: dict[str, Callable[[Any, Any], Any]] = {
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "%": math.fmod,
        "^": lambda a, b: float(a) ** b,
    }
    return operations[sign](first, second)


def _call(name: str, arguments: list[Node], look: Lookup) -> Any:
    if name == "if":
        condition, yes, no = arguments
        return yes(look) if condition(look) else no(look)
    if name not in _FUNCTIONS:
        raise FormulaError(f"{name} is not covered")
    result = _FUNCTIONS[name](*[argument(look) for argument in arguments])
    if isinstance(result, str) and len(result) > _LONGEST_RESULT:
        raise FormulaError(f"the result of {name} is too long")
    return result


def _format(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ", ".join(map(_format, value)) if isinstance(value, list) else str(value)


def _rounded(value: float, digits: int = 0) -> float:
    return float(math.floor(value * 10**digits + 0.5) / 10**digits)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "empty": lambda value: value in (None, "", 0, False, []),
    "not": lambda value: not value,
    "and": lambda *values: all(values),
    "or": lambda *values: any(values),
    "equal": lambda a, b: a == b,
    "unequal": lambda a, b: a != b,
    "format": _format,
    "concat": lambda *values: "".join(map(_format, values)),
    "join": lambda values, between: between.join(map(_format, values)),
    "length": lambda value: len(value or ""),
    "lower": lambda value: value.lower(),
    "upper": lambda value: value.upper(),
    "trim": lambda value: value.strip(),
    "contains": lambda value, part: part in value,
    "includes": lambda value, part: part in value,
    "replaceAll": lambda value, part, other: value.replace(part, other),
    "substring": lambda value, start, end=None: value[
        int(start) : None if end is None else int(end)
    ],
    "toNumber": lambda value: float(value) if value not in (None, "") else 0,
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": _rounded,
    "sqrt": math.sqrt,
    "sign": lambda value: (value > 0) - (value < 0),
    "min": min,
    "max": max,
    "sum": lambda *values: sum(values),
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "mod": math.fmod,
    "pow": lambda a, b: float(a) ** b,
}
