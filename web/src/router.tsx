import { type MouseEvent, type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';

/** The path that the desk is served at. */
const BASE = '/desk/';

/** The place that the address bar shows: it can be shared, and the browser's buttons lead back to it. */
export interface Place {
  /** Parts of the path below the desk's own, such as `['credit-notes', '2']`. */
  readonly path: readonly string[];
  readonly search: URLSearchParams;
}

/** Returns the present place, and renders again when it changes. */
export function usePlace(): Place {
  const href = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  const { pathname, searchParams } = new URL(href, location.origin);
  return { path: pathname.slice(BASE.length).split('/').filter(Boolean), search: searchParams };
}

/** Goes to a place. `replace` leaves no trace for the back button, for what is typed letter by letter. */
export function go(to: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', BASE + to);
  dispatchEvent(new PopStateEvent('popstate'));
}

interface LinkProps {
  readonly to: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A link within the desk. It is a real link: it can be opened in another tab. */
export function Link({ to, className, children }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
    scrollTo(0, 0);
  };
  return (
    <a href={BASE + to} className={className} onClick={follow}>
      {children}
    </a>
  );
}

/** The heading of a page. It takes the focus when the page appears, so that a screen reader reads it, and names the tab. */
export function PageHeading({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Refund desk`;
    if (document.activeElement === document.body) heading.current?.focus();
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}
