import { wordsOf } from '@atlas/web';
import { PageLink } from '../links';
import { usePeople } from '../people';
import { useUser } from '../session';
import { type Entry, pageOf } from './entry';

/** Who did it: a user's name, or what kind of program it was. */
export function Actor({ entry: { actor, ip } }: { readonly entry: Entry }) {
  const { id: self } = useUser();
  const people = usePeople();
  // Without an address, it was no request from outside.
  if (actor.kind === 'anonymous') return ip === null ? 'Atlas itself' : 'nobody signed in';
  if (actor.kind !== 'user') return wordsOf(actor.kind);
  if (actor.id === self) return 'You';
  return people.find(({ id }) => id === actor.id)?.name ?? `user ${shortOf(actor.id)}`;
}

/** What it was done to. */
export function Target({ entry }: { readonly entry: Entry }) {
  const { kind, id } = entry.target;
  const people = usePeople();
  const person = kind === 'user' ? people.find((one) => one.id === id) : undefined;
  const name = person?.name ?? `${wordsOf(kind)} ${shortOf(id)}`;
  const to = pageOf(entry);
  if (to === undefined) return name;
  return (
    <PageLink to={to} params={{ id: id ?? '' }} size="sm">
      {name}
    </PageLink>
  );
}

const UUID_LENGTH = 36;
const SHORT = 8;

/** The ids of one moment begin alike, so their ends are shown. There is only one of what has no such id. */
function shortOf(id: string | null): string {
  return id?.length === UUID_LENGTH ? id.slice(-SHORT) : '';
}
