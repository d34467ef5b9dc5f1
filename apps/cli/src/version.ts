/** Of both command lines: what they run was built with them. */
export const VERSION = '0.1.0';
