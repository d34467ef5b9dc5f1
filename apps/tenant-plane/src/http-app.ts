import { type HttpAppOptions } from '@atlas/platform';
import { ARCHIVE_TYPE } from '@atlas/tenant-api/exports';
import { WORKSPACE } from './entrance/workspace';

export const HTTP_APP: HttpAppOptions = {
  name: 'tenant-plane',
  webApp: { name: WORKSPACE, under: '/' },
  streams: ARCHIVE_TYPE,
  // A YAML document is a shorter way to write the JSON body that contains it as text.
  alsoAccepts: {
    type: 'application/yaml',
    maxBytes: 1_048_576,
    read: (bytes) => ({ document: bytes.toString('utf8') }),
  },
};
