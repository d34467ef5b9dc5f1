import { type ChatMessage } from '@atlas/plane-contract';
import { isUuid } from '@atlas/tenancy';
import { type CitationView } from '@atlas/tenant-api/ai';
import { type Facts } from './incident-facts';
import { textIn } from './known-hosts';
import { Redaction } from './redaction';

/** Each byte of a question is reserved as a token, so a question must not be large. */
const MAX_BYTES = 24_000;
const LONGEST_TEXT = 1000;
const LONGEST_DESCRIPTION = 8000;
/** Placeholders may be shorter than what they hide. */
const HIDDEN_PER_SENT = 4;
const MAX_LABELS = 20;
/** What may be half of a word, which nothing would recognise. */
const LAST_WORD = /\S{1,200}$/;

/** What an AI is told about an incident, and what its answer may cite. */
export interface ToldFacts {
  readonly message: ChatMessage;
  readonly citable: readonly CitationView[];
}

/** Hides what the facts contain. Everything that is sent about them must pass it. */
export function redactionOf({ userNames, hostNames, ...facts }: Facts): Redaction {
  return new Redaction({ userNames, hostNames }, textIn(facts));
}

/**
 * Everything that is sent to an AI about an incident. The IDs are those of timeline items, alerts and
 * configuration items, which an answer cites. There are no IDs of users. What is oldest is left out if there
 * is too much: an answer can neither cite it nor have its placeholders put back.
 */
export function factsMessage(facts: Facts, redaction: Redaction): ToldFacts {
  const { title, description, severity, status, created_at } = facts.incident;
  const text = (value: string, longest = LONGEST_TEXT): string =>
    redaction.hide(beginning(value, HIDDEN_PER_SENT * longest)).slice(0, longest);
  const member: Member = (name, value) =>
    redaction.hideMember(name, beginning(value, HIDDEN_PER_SENT * LONGEST_TEXT)).slice(0, LONGEST_TEXT);
  const incident = {
    title: text(title),
    description: text(description ?? '', LONGEST_DESCRIPTION),
    severity,
    status,
    created_at,
  };
  const items = facts.items.map(({ id, type, name, status: state, criticality }) => ({
    id,
    type: text(type),
    name: text(name),
    status: state,
    criticality,
  }));
  const alerts = facts.alerts.map(({ id, status: state, labels, annotations, startsAt, endsAt, count }) => ({
    id,
    status: state,
    labels: labelsIn(labels, { text, member }),
    annotations: labelsIn(annotations, { text, member }),
    starts_at: startsAt,
    ends_at: endsAt,
    count,
  }));
  const timeline = facts.timeline.map(({ id, at, kind, data }) => ({ id, at, kind, ...told(data, member) }));
  const room = new Room(MAX_BYTES - bytesOf(incident));
  const content = {
    incident,
    configuration_items: room.fitting(items, MAX_BYTES / 6),
    // The timeline keeps a share, however much the senders of alerts write.
    alerts: room.fitting(alerts, MAX_BYTES / 3),
    timeline: room.fitting(timeline.toReversed()).toReversed(),
  };
  const message = { role: 'user', content: JSON.stringify(content) } as const;
  redaction.keepOnly(message.content);
  return { message, citable: citable(content) };
}

type Told = Readonly<
  Record<'timeline' | 'alerts' | 'configuration_items', readonly { readonly id: string }[]>
>;

function citable({ timeline, alerts, configuration_items: items }: Told): CitationView[] {
  return [
    ...timeline.map(({ id }) => ({ kind: 'timeline', id }) as const),
    ...alerts.map(({ id }) => ({ kind: 'alert', id }) as const),
    ...items.map(({ id }) => ({ kind: 'ci', id }) as const),
  ];
}

/** Hiding a long text costs time, and most of it would be cut. */
function beginning(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(0, longest).replace(LAST_WORD, '');
}

type Member = (name: string, value: string) => string;

function labelsIn(
  labels: Readonly<Record<string, string>>,
  { text, member }: { readonly text: (value: string) => string; readonly member: Member },
): Record<string, string> {
  const entries = Object.entries(labels).slice(0, MAX_LABELS);
  return Object.fromEntries(entries.map(([name, value]) => [text(name), member(name, value)]));
}

/** The texts and numbers of a timeline item, without the IDs of users and others. */
function told(data: Readonly<Record<string, unknown>>, member: Member): Record<string, unknown> {
  const entries = Object.entries(data).flatMap(([key, value]): [string, unknown][] => {
    if (typeof value === 'string') return isUuid(value) ? [] : [[key, member(key, value)]];
    return typeof value === 'number' || typeof value === 'boolean' ? [[key, value]] : [];
  });
  return Object.fromEntries(entries);
}

/** How many bytes are left for the facts. */
class Room {
  constructor(private bytes: number) {}

  /** The first of these that fit into `share` bytes, and into what is left. */
  fitting<T>(all: readonly T[], share = this.bytes): T[] {
    let left = Math.min(share, this.bytes);
    const end = all.findIndex((one) => {
      const isTooMuch = bytesOf(one) > left;
      if (!isTooMuch) left -= bytesOf(one);
      return isTooMuch;
    });
    const fitting = end === -1 ? [...all] : all.slice(0, end);
    this.bytes -= fitting.reduce((sum, one) => sum + bytesOf(one), 0);
    return fitting;
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value)) + 1;
}
