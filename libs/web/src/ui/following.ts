import { useState } from 'react';

/** A state that begins anew whenever the value that it follows changes. */
export function useFollowing<T>(followed: T): [T, (value: T) => void] {
  const [value, setValue] = useState(followed);
  const [seen, setSeen] = useState(followed);
  if (seen !== followed) {
    setSeen(followed);
    setValue(followed);
  }
  return [value, setValue];
}
