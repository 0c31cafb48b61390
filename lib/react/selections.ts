/**
 * What selectors made of views. React asks for a selection several times in each render, and renders again if the answer is
 * another: so one selector is asked once for a view, whatever it makes.
 */
type Selector<View extends object, T> = (view: View) => T

/** By view, since a view is there for a short time and a selector may be there for ever. */
const selections = new WeakMap<object, WeakMap<object, unknown>>()

export function selectionOf<View extends object, T>(view: View, selector: Selector<View, T>): T {
  const known = selections.get(view) ?? new WeakMap<object, unknown>()
  selections.set(view, known)
  if (!known.has(selector)) known.set(selector, selector(view))
  return known.get(selector) as T
}
