import { type DataSource } from 'typeorm';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type PlaneRecord } from '../installation/plane-record';

/** What items are collected from. Each member throws an error that says why something cannot be read. */
export interface SupportScene {
  readonly env: NodeJS.ProcessEnv;
  readonly now: Date;
  /** The file that the plane's output is written to; `-` for standard input. */
  readonly logFile: string | undefined;
  config(): TenantPlaneConfig;
  record(): Promise<PlaneRecord>;
  /** Reads the database, whether or not the plane is running. */
  look<T>(read: (reader: DataSource) => Promise<T>): Promise<T>;
}

/** One file of a support bundle, without any row of a tenant. What it returns is redacted afterwards. */
export interface SupportItem {
  readonly name: string;
  /** What the item contains, as `--list` shows it. */
  readonly summary: string;
  /** How many of the last lines of a text to keep. Cut once redacted: half a key would not be recognised. */
  readonly lastLines?: number;
  /** Text becomes a `.txt` file, anything else a `.json` file. */
  collect(scene: SupportScene): Promise<object | string>;
}
