/** Something that keeps a pod from doing what it should. */
export interface Cause {
  /** `pod`, `node "x"`, `container "x"`. */
  about: string;
  /** A sentence without a full stop, with the API's own reasons. */
  text: string;
}
