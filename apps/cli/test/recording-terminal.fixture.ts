import { type Screen, type Terminal } from '../src/command';

/** Records what is written. */
export class RecordingTerminal implements Terminal {
  written = '';
  complaints = '';

  constructor(readonly screen?: Screen) {}

  out(text: string): void {
    this.written += text;
  }
  err(text: string): void {
    this.complaints += text;
  }
}
