import { type Page, type PageQuery } from '@atlas/platform';

/** A tenant's data as an archive, and back. */
export interface ExportsApi {
  /** Export the tenant's data */
  'POST /api/exports': { 202: ExportView };
  /** List exports */
  'GET /api/exports': { query: PageQuery; 200: Page<ExportView> };
  /** Show an export */
  'GET /api/exports/:id': { 200: ExportView };
  /** Download the archive of an export, or a range of it */
  'GET /api/exports/:id/download': { 200: ArchiveBytes; 206: ArchiveBytes };
  /** Import an archive into a tenant without operational data */
  'POST /api/imports': { body: ArchiveBytes; 202: ImportView };
  /** Show an import */
  'GET /api/imports/:id': { 200: ImportView };
}

/** The media type of archives. */
export const ARCHIVE_TYPE = 'application/gzip';

/** An archive. */
export type ArchiveBytes = string;

/** `expired`: the archive was removed, because it was seven days old. */
export type ExportStatus = 'running' | 'ready' | 'failed' | 'expired';

export type ImportStatus = 'running' | 'ready' | 'failed';

/** Why there is no result, and what to do. */
export interface ArchiveFailure {
  readonly code: string;
  readonly detail: string;
}

export interface ExportView {
  readonly id: string;
  readonly status: ExportStatus;
  readonly requested_by: string;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  /** Until when the archive can be downloaded. Null while it is not ready. */
  readonly expires_at: Date | null;
  /** The size of the archive. */
  readonly size_bytes: number | null;
  /** How many rows the archive contains. */
  readonly rows: number | null;
  readonly failure: ArchiveFailure | null;
}

export interface ImportSummary {
  /** The tenant that the archive was exported from, and when. */
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly exported_at: string;
  /** How many rows of each table were imported. */
  readonly rows: Readonly<Record<string, number>>;
}

export interface ImportView {
  readonly id: string;
  /** `ready`: everything in the archive was verified and is stored. `failed`: nothing is stored. */
  readonly status: ImportStatus;
  readonly requested_by: string;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly summary: ImportSummary | null;
  readonly failure: ArchiveFailure | null;
}
