import { type Redaction } from './redaction';
import { visible } from './visible-text';

const FENCE = '```';
/** The beginning of a placeholder, of a fence or of a character, at the end of a text. */
const BEGINNING = /(?:<[a-z]{0,5}(?:_\d{0,9})?|`{1,2}|[\ud800-\udbff])$/i;

/**
 * The part of an answer that people read while it arrives: the text before the block for programs, with the
 * originals in place of placeholders. A placeholder may be cut in two, so its beginning waits for the rest.
 */
export class ShownText {
  private held = '';
  private isBegun = false;
  private isOver = false;

  constructor(private readonly redaction: Redaction) {}

  /** What to show once this piece has arrived. May be empty. */
  add(piece: string): string {
    if (this.isOver) return '';
    const text = visible(this.held + piece);
    const fence = text.indexOf(FENCE);
    this.isOver = fence !== -1 && (this.isBegun || text.slice(0, fence).trim() !== '');
    const beginning = text.search(BEGINNING);
    const end = this.isOver ? fence : beginning === -1 ? text.length : beginning;
    this.held = this.isOver ? '' : text.slice(end);
    return this.shown(text.slice(0, end));
  }

  /** What is left to show at the end. */
  end(): string {
    return this.shown(this.held);
  }

  private shown(text: string): string {
    this.isBegun ||= text.trim() !== '';
    return this.redaction.restore(text);
  }
}
