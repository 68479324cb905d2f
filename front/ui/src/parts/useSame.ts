// Keeps the identity of values that are made anew in each render but say the same.
import { useRef } from 'react';

/** The earlier list while its members are the same ones. */
export function useSameList<T>(list: readonly T[]): readonly T[] {
  const held = useRef(list);
  const same = held.current.length === list.length && held.current.every((each, idx) => each === list[idx]);
  if (!same) held.current = list;
  return held.current;
}

/** The earlier value while both are written the same; for small, plain values. */
export function useSameText<T>(value: T): T {
  const held = useRef({ value, text: '' });
  const text = JSON.stringify(value);
  if (held.current.text !== text) held.current = { value, text };
  return held.current.value;
}
