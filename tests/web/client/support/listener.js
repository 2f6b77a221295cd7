/** @import { ServerMessage, TransportHandlers } from "../../../../web/client/types.js" */

/**
 * Writes down what a transport tells.
 *
 * @implements {TransportHandlers}
 */
export class Listener {
  opened = 0;
  /** @type {ServerMessage[]} */
  messages = [];
  /** @type {number[]} */
  closes = [];

  onOpen = () => {
    this.opened += 1;
  };

  /** @param {ServerMessage} message */
  onMessage = (message) => {
    this.messages.push(message);
  };

  /** @param {number} code */
  onClose = (code) => {
    this.closes.push(code);
  };

  /**
   * The messages since last time.
   */
  take() {
    return this.messages.splice(0);
  }
}
