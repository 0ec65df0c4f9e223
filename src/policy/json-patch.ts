import { BuiltinError, objectIn, textIn } from "./opa-builtin.js"
import { compareTerms, isArray, isMember, isObject, isSet, memberOf, objectOf, setOf, type Term } from "./term.js"

/**
 * A document after JSON patch operations, which may also address members of sets by themselves, and give paths as arrays.
 *
 * @throws {BuiltinError} for an operation that is none, or that cannot be done
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export function patched(document: Term, operations: readonly Term[]): Term {
  const end = operations.reduce<Term | undefined>((current, operation) => applied(current, operation), document)
  if (end === undefined) throw new BuiltinError("the patch leaves nothing")
  return end
}

function applied(document: Term | undefined, operation: Term): Term | undefined {
  const members = objectIn(operation)
  const required = (name: string): Term => {
    const member = memberOf(members, name)
    if (member === undefined) throw new BuiltinError(`missing '${name}' attribute`)
    return member
  }
  const path = pathOf(required("path"))
  switch (textIn(required("op"))) {
    case "add":
      return added(document, path, required("value"))
    case "remove":
      return removed(document, path)
    case "replace":
      return added(removed(document, path), path, required("value"))
    case "move": {
      const from = pathOf(required("from"))
      return added(removed(document, from), path, found(document, from))
    }
    case "copy":
      return added(document, path, found(document, pathOf(required("from"))))
    case "test":
      if (compareTerms(found(document, path), required("value")) !== 0) throw new BuiltinError("the patch test failed")
      return document
    default:
      throw new BuiltinError("must be an operation of JSON patch")
  }
}

function pathOf(term: Term): readonly Term[] {
  if (isArray(term)) return term
  const text = textIn(term)
  if (text === "") return []
  return text
    .replace(/^\/+/, "")
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
}

function found(document: Term | undefined, path: readonly Term[]): Term {
  const end = path.reduce<Term | undefined>((current, segment) => (current === undefined ? undefined : inside(current, segment)), document)
  if (end === undefined) throw new BuiltinError("the path does not exist")
  return end
}

function inside(parent: Term, segment: Term): Term | undefined {
  if (isObject(parent)) return memberOf(parent, segment)
  if (isSet(parent)) return isMember(parent, segment) ? segment : undefined
  return isArray(parent) ? parent[indexOf(parent, segment)] : undefined
}

function indexOf(array: readonly Term[], segment: Term): number {
  if (typeof segment === "number" && Number.isSafeInteger(segment)) return segment
  const text = textIn(segment)
  if (text === "-") return array.length
  if (!/^(?:0|-?[1-9]\d*)$/.test(text)) throw new BuiltinError("invalid index")
  return Number(text)
}

function added(document: Term | undefined, [first, ...rest]: readonly Term[], value: Term): Term {
  if (first === undefined) return value
  if (document === undefined) throw new BuiltinError("the path does not exist")
  if (rest.length > 0) return withMember(document, first, added(found(document, [first]), rest, value))
  if (isObject(document)) return objectOf([...document, [first, value]])
  if (isSet(document)) {
    if (compareTerms(first, value) !== 0) throw new BuiltinError("a member of a set is its own path")
    return setOf([...document, value])
  }
  if (!isArray(document)) throw new BuiltinError("the path does not exist")
  const index = indexOf(document, first)
  if (index < 0 || index > document.length) throw new BuiltinError("invalid index")
  return document.toSpliced(index, 0, value)
}

function removed(document: Term | undefined, [first, ...rest]: readonly Term[]): Term | undefined {
  if (first === undefined) return undefined
  const member = found(document, [first])
  if (document === undefined) return undefined
  if (rest.length > 0) return withMember(document, first, removed(member, rest) ?? null)
  if (isObject(document)) return objectOf([...document].filter(([key]) => compareTerms(key, first) !== 0))
  if (isSet(document)) return setOf([...document].filter((one) => compareTerms(one, first) !== 0))
  return isArray(document) ? document.toSpliced(indexOf(document, first), 1) : document
}

function withMember(parent: Term, segment: Term, member: Term): Term {
  if (isObject(parent)) return objectOf([...parent, [segment, member]])
  if (isSet(parent)) return setOf([...[...parent].filter((one) => compareTerms(one, segment) !== 0), member])
  if (isArray(parent)) return parent.with(indexOf(parent, segment), member)
  throw new BuiltinError("the path does not exist")
}
