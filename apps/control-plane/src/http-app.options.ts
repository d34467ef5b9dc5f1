import { MAX_PART_LENGTH, TRANSFER_PART_TYPE } from '@atlas/plane-contract';

export const HTTP_APP = {
  name: 'control-plane',
  webApp: {
    name: 'admin-console',
    under: '/console',
    entries: { 'index.html': ['/console'], 'signup.html': ['/signup', '/signup/:id'] },
  },
  alsoAccepts: { type: TRANSFER_PART_TYPE, maxBytes: MAX_PART_LENGTH },
};
