import { type ChatMessage } from '@atlas/plane-contract';
import { isUuid } from '@atlas/tenancy';
import { type Facts } from './incident-facts';
import { Redaction } from './redaction';

/** Each byte of a question is reserved as a token, so a question must not be large. */
const MAX_BYTES = 24_000;
const LONGEST_TEXT = 1000;
const LONGEST_DESCRIPTION = 8000;
/** Placeholders may be shorter than what they hide. */
const HIDDEN_PER_SENT = 4;
const MAX_LABELS = 20;

/** Hides what the facts contain. Everything that is sent about them must pass it. */
export function redactionOf({ userNames, hostNames, ...facts }: Facts): Redaction {
  return new Redaction({ userNames, hostNames }, JSON.stringify(facts));
}

/**
 * Everything that is sent to an AI about an incident. The IDs are those of timeline items, alerts and
 * configuration items, which an answer cites. There are no IDs of users. What is oldest is left out if there
 * is too much.
 */
export function factsMessage(facts: Facts, redaction: Redaction): ChatMessage {
  const { title, description, severity, status, created_at } = facts.incident;
  // Hiding a long text costs time, and most of it would be cut. A secret at the cut is cut away with it.
  const text = (value: string, longest = LONGEST_TEXT): string =>
    redaction.hide(value.slice(0, HIDDEN_PER_SENT * longest)).slice(0, longest);
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
    labels: labelsIn(labels, text),
    annotations: labelsIn(annotations, text),
    starts_at: startsAt,
    ends_at: endsAt,
    count,
  }));
  const timeline = facts.timeline.map(({ id, at, kind, data }) => ({ id, at, kind, ...told(data, text) }));
  const room = new Room(MAX_BYTES - bytesOf(incident));
  const content = {
    incident,
    configuration_items: room.fitting(items, MAX_BYTES / 6),
    // The timeline keeps a share, however much the senders of alerts write.
    alerts: room.fitting(alerts, MAX_BYTES / 3),
    timeline: room.fitting(timeline.toReversed()).toReversed(),
  };
  return { role: 'user', content: JSON.stringify(content) };
}

type Text = (value: string) => string;

function labelsIn(labels: Readonly<Record<string, string>>, text: Text): Record<string, string> {
  const entries = Object.entries(labels).slice(0, MAX_LABELS);
  return Object.fromEntries(entries.map(([name, value]) => [text(name), labelled(name, value, text)]));
}

/** What hides a secret may be its label's name, such as `password`. */
function labelled(name: string, value: string, text: Text): string {
  const pair = `${name}=`;
  const hidden = text(`${pair}${value}`);
  return hidden.startsWith(pair) ? hidden.slice(pair.length) : text(value);
}

/** The texts and numbers of a timeline item, without the IDs of users and others. */
function told(data: Readonly<Record<string, unknown>>, text: Text): Record<string, unknown> {
  const entries = Object.entries(data).flatMap(([key, value]): [string, unknown][] => {
    if (typeof value === 'string') return isUuid(value) ? [] : [[key, text(value)]];
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
