import { Tooltip } from '@mantine/core';
import { type ReactNode, useId, useRef, useState } from 'react';

interface ExplainedProps {
  readonly text: string;
  readonly children: ReactNode;
}

/** Explains what it contains to whoever points at it, or reaches it by keyboard. */
export function Explained({ text, children }: ExplainedProps) {
  const box = useRef<HTMLSpanElement>(null);
  const id = useId();
  // Lists have many, and a tooltip costs more than the rest of a row, so it is made when looked at.
  const [isLookedAt, setLookedAt] = useState(false);
  const look = (): void => setLookedAt(true);
  const leave = (): void => setLookedAt(false);
  return (
    <>
      <span
        ref={box}
        tabIndex={0}
        aria-describedby={isLookedAt ? id : undefined}
        onPointerEnter={look}
        onPointerLeave={leave}
        onFocus={look}
        onBlur={leave}
        onKeyDown={({ key }) => key === 'Escape' && leave()}
      >
        {children}
      </span>
      {isLookedAt && <Tooltip opened id={id} target={box} label={text} multiline maw={280} />}
    </>
  );
}
