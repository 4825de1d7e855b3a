"""The tables in memory: a double of DynamoDB that takes microseconds a call.

What it answers is compared with moto, call by call, in test_store.py. Indexes can be made to lag,
which neither engine can.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from tests.chaos.expressions import Item, Names, Values, condition, plain, update
from tests.support.template import stored_parts

Key = tuple[Any, ...]


def _copied(value: Any) -> Any:
    """A copy of what JSON could hold, in a fraction of the time that any other takes."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


@dataclass
class Table:
    """Items by key, each as it was put: a change puts another. `indexes` holds the attributes of
    each index's key."""

    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]]
    items: dict[Key, Item] = field(default_factory=dict)
    _partitions: dict[Any, dict[Key, Item]] = field(default_factory=dict)
    lagging: dict[Key, Item] | None = None
    """What the indexes show, while they lag."""

    def key_of(self, item: Item) -> Key:
        return tuple(plain(item[name]) for name in self.key)

    def put(self, place: Key, item: Item) -> None:
        self.items[place] = item
        self._partitions.setdefault(place[0], {})[place] = item

    def remove(self, place: Key) -> None:
        self.items.pop(place, None)
        self._partitions.get(place[0], {}).pop(place, None)

    def partition(self, key: Any) -> list[Item]:
        return list(self._partitions.get(key, {}).values())


class Store:
    """The tables of the template by their logical ids."""

    def __init__(self) -> None:
        self.tables = {
            name: Table(_key(part["Properties"]), _indexes(part["Properties"]))
            for name, part in stored_parts()["Resources"].items()
            if part["Type"] == "AWS::DynamoDB::Table"
        }

    def fill(self, rows: Mapping[str, list[Item]]) -> None:
        """Put rows in, by table."""
        for name, items in rows.items():
            table = self.tables[name]
            for item in items:
                table.put(table.key_of(item), _copied(item))

    def item(self, table: str, *key: str) -> Item | None:
        """What stands there now, for the campaign's own checks."""
        return self.tables[table].items.get(key)

    def of(self, table: str, key: str) -> list[Item]:
        """All items of one partition."""
        return self.tables[table].partition(key)

    def all_items(self, table: str) -> list[Item]:
        return list(self.tables[table].items.values())

    @property
    def lags(self) -> bool:
        return any(table.lagging is not None for table in self.tables.values())

    def lag(self) -> None:
        """From now on the indexes show what is there now."""
        for table in self.tables.values():
            table.lagging = dict(table.items)

    def catch_up(self) -> None:
        for table in self.tables.values():
            table.lagging = None

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer as DynamoDB does. Raises ClientError; NotImplementedError for a call that this
        product did not make when this was written."""
        action = getattr(self, f"_{xform_name(operation)}", None)
        if action is None:
            raise NotImplementedError(f"teach the store {operation}")
        answer: dict[str, Any] = action(request)
        return answer

    def _describe_table(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self.tables[request["TableName"]]
        kinds = zip(table.key, ("HASH", "RANGE"), strict=False)
        return {
            "Table": {
                "TableName": request["TableName"],
                "KeySchema": [{"AttributeName": n, "KeyType": k} for n, k in kinds],
                "AttributeDefinitions": [
                    {"AttributeName": n, "AttributeType": "S"} for n in table.key
                ],
            }
        }

    def _get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self.tables[request["TableName"]]
        item = table.items.get(table.key_of(request["Key"]))
        return {} if item is None else {"Item": dict(item)}

    def _batch_get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, list[Item]] = {}
        for name, wanted in request["RequestItems"].items():
            table = self.tables[name]
            items = (table.items.get(table.key_of(key)) for key in wanted["Keys"])
            found[name] = [dict(item) for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _put_item(self, request: dict[str, Any]) -> dict[str, Any]:
        self._one("Put", request)
        return {}

    def _update_item(self, request: dict[str, Any]) -> dict[str, Any]:
        self._one("Update", request)
        table = self.tables[request["TableName"]]
        return {"Attributes": dict(table.items[table.key_of(request["Key"])])}

    def _delete_item(self, request: dict[str, Any]) -> dict[str, Any]:
        self._one("Delete", request)
        return {}

    def _one(self, kind: str, request: dict[str, Any]) -> None:
        if not self._allows(kind, request):
            raise error("ConditionalCheckFailedException", "UpdateItem")
        self._act(kind, request)

    def _transact_write_items(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = [next(iter(each.items())) for each in request["TransactItems"]]
        if len(actions) > 100:
            raise error("ValidationException", "TransactWriteItems")
        places = [(a["TableName"], self._place(k, a)) for k, a in actions]
        if len(set(places)) < len(places):
            raise error("ValidationException", "TransactWriteItems")
        allowed = [self._allows(kind, action) for kind, action in actions]
        if not all(allowed):
            reasons = ["None" if each else "ConditionalCheckFailed" for each in allowed]
            raise cancelled(reasons)
        for kind, action in actions:
            self._act(kind, action)
        return {}

    def _place(self, kind: str, action: dict[str, Any]) -> Key:
        table = self.tables[action["TableName"]]
        return table.key_of(action["Item"] if kind == "Put" else action["Key"])

    def _allows(self, kind: str, action: dict[str, Any]) -> bool:
        text = action.get("ConditionExpression")
        if text is None:
            return True
        item = self.tables[action["TableName"]].items.get(self._place(kind, action), {})
        names, values = _placeholders(action)
        return condition(text)(item, names, values)

    def _act(self, kind: str, action: dict[str, Any]) -> None:
        table, place = self.tables[action["TableName"]], self._place(kind, action)
        match kind:
            case "Put":
                table.put(place, dict(action["Item"]))
            case "Delete":
                table.remove(place)
            case "Update":
                item = dict(table.items.get(place) or action["Key"])
                names, values = _placeholders(action)
                for change in update(action["UpdateExpression"]):
                    change(item, names, values)
                table.put(place, item)

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self.tables[request["TableName"]]
        index = request.get("IndexName")
        key = table.key if index is None else table.indexes[index]
        names, values = _placeholders(request)
        items: Iterable[Item] = table.items.values()
        if index is not None and table.lagging is not None:
            items = table.lagging.values()
        elif index is None:
            items = table.partition(_partition(request["KeyConditionExpression"], names, values))
        meant = condition(request["KeyConditionExpression"])
        found = [
            item
            for item in items
            if all(name in item for name in key) and meant(item, names, values)
        ]
        order = [*key, *(name for name in table.key if name not in key)]
        found.sort(
            key=lambda item: tuple(plain(item[name]) for name in order[1:]),
            reverse=not request.get("ScanIndexForward", True),
        )
        start = request.get("ExclusiveStartKey")
        if start is not None:
            places = [table.key_of(item) for item in found]
            found = found[places.index(table.key_of(start)) + 1 :]
        limit = request.get("Limit")
        page = found if limit is None else found[:limit]
        answer: dict[str, Any] = {"ScannedCount": len(page)}
        if len(page) < len(found) or (limit is not None and len(page) == limit):
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in {*key, *table.key}}
        if "FilterExpression" in request:
            fits = condition(request["FilterExpression"])
            page = [item for item in page if fits(item, names, values)]
        shown = None if index is None else {*key, *table.key}
        answer["Items"] = [
            {n: v for n, v in item.items() if shown is None or n in shown} for item in page
        ]
        answer["Count"] = len(page)
        return answer


_EQUALS = re.compile(r"(#\d+) = (:\d+)")


def _partition(text: str, names: Names, values: Values) -> Any:
    """The partition that a key condition names; its first comparison is that."""
    match = _EQUALS.search(text)
    if match is None:
        raise NotImplementedError(f"no partition in {text!r}")
    return plain(values[match.group(2)])


@dataclass
class MotoStore:
    """The tables on moto, in place of the double; its indexes cannot lag.

    `send` is botocore's own way to make a call, `names` are moto's for the logical ids.
    """

    client: Any
    send: Callable[[Any, str, dict[str, Any]], dict[str, Any]]
    names: Mapping[str, str]
    lags: bool = False

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.send(self.client, operation, placed(request, self.names))

    def item(self, table: str, *key: str) -> Item | None:
        names = _key(stored_parts()["Resources"][table]["Properties"])
        where = {name: {"S": part} for name, part in zip(names, key, strict=True)}
        found: Item | None = self.call("GetItem", {"TableName": table, "Key": where}).get("Item")
        return found

    def of(self, table: str, key: str) -> list[Item]:
        (name, *_) = _key(stored_parts()["Resources"][table]["Properties"])
        return [item for item in self.all_items(table) if item[name]["S"] == key]

    def all_items(self, table: str) -> list[Item]:
        # straight from moto: a Scan of the same takes longer than all that is looked at
        return [row.to_json()["Attributes"] for row in self._table(table).all_items()]

    def empty(self) -> None:
        """Begin anew: to make the tables again takes a fifth of a schedule."""
        for name in Store().tables:
            self._table(name).items.clear()

    def fill(self, rows: Mapping[str, list[Item]]) -> None:
        for name, items in rows.items():
            for item in items:
                self._table(name).put_item(_copied(item), overwrite=True)

    def _table(self, name: str) -> Any:
        backend = get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][self.client.meta.region_name]
        return backend.get_table(self.names[name])

    def lag(self) -> None:
        return None

    def catch_up(self) -> None:
        return None


def placed(request: Any, names: Mapping[str, str]) -> Any:
    """The request with moto's names of the tables in place of logical ids."""
    if isinstance(request, list):
        return [placed(each, names) for each in request]
    if not isinstance(request, dict):
        return request
    return {
        names.get(name, name): names[value] if name == "TableName" else placed(value, names)
        for name, value in request.items()
    }


def _placeholders(request: dict[str, Any]) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    return (
        request.get("ExpressionAttributeNames", {}),
        request.get("ExpressionAttributeValues", {}),
    )


def _key(properties: dict[str, Any]) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in properties["KeySchema"])


def _indexes(properties: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        index["IndexName"]: _key(index) for index in properties.get("GlobalSecondaryIndexes", [])
    }


def error(code: str, operation: str, status: int = 400, **more: Any) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(answer, operation)


def cancelled(reasons: list[str]) -> ClientError:
    return error(
        "TransactionCanceledException",
        "TransactWriteItems",
        CancellationReasons=[{"Code": reason} for reason in reasons],
    )
