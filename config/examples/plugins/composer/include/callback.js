// Shared by the diagrams of this project; drawn into the page as text.

/** Other values of resultof mean that the call has gone elsewhere. */
function isHangUp(data) {
  return data.resultof === undefined || data.resultof === 'deletion';
}

/** Without a call a plugin can only end the callback or have it dialled again. */
function actionWithoutCall(callState) {
  var states = _genesys.ixn.callState;
  return callState == states.FaxDetected || callState == states.SitInvalidNum ? 'cancel' : 'retry';
}

function describeUserData(interactionId) {
  var interaction = _genesys.ixn.interactions[interactionId];
  return interaction ? interaction.udata.toSource() : 'no interaction';
}
