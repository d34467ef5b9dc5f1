import { type Screen, type Terminal } from '../src/command';

/** Records what a command writes. */
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
