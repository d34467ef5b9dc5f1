import { type TenantPlaneSchemas } from '@atlas/web';
import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';

type PartKind = TenantPlaneSchemas['schemas']['CitationView']['kind'];

const BELOW_HEADER = 64;
const SETTLING_MS = 2000;

/** How an address names a part of an incident's page. */
export function partName(kind: PartKind, id: string): string {
  return `${kind}-${id}`;
}

/** The id of the part that the address names, if it is of this kind. */
export function useWantedPart(kind: PartKind): string | null {
  const part = useLocation({ select: ({ hash }) => hash });
  const prefix = partName(kind, '');
  return part.startsWith(prefix) ? part.slice(prefix.length) : null;
}

/** Makes a part of the page a place to which a link can lead. */
export function partProps(kind: PartKind, id: string, wanted: string | null) {
  return {
    id: partName(kind, id),
    tabIndex: -1,
    style: {
      scrollMarginTop: BELOW_HEADER,
      ...(id === wanted && { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: 2 }),
    },
  };
}

/** Shows the part that the address names, once it is there. The router scrolls before that. */
export function useScrollToPart(): void {
  const part = useLocation({ select: ({ hash }) => hash });
  // A link may be followed again.
  const visit = useLocation({ select: ({ state }) => state.__TSR_key });
  useEffect(() => {
    if (part === '') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // What stands above it is still loading for a moment.
    const observer = new ResizeObserver(() => {
      const element = document.getElementById(part);
      if (!element) return;
      // Some browsers return a promise.
      void element.scrollIntoView();
      if (timer !== undefined) return;
      element.focus({ preventScroll: true });
      timer = setTimeout(() => observer.disconnect(), SETTLING_MS);
    });
    observer.observe(document.body);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [part, visit]);
}
