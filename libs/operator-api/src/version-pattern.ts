/** A version that an operator may request. It is used as the name of a folder or the tag of an image. */
export const VERSION_PATTERN = /^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z.-]{1,40})?$/;
