/// The SQLSTATE codes that this module itself looks at.
enum SQLState {
    static let queryCanceled = "57014"
    static let statementMissing = "26000"
    static let featureNotSupported = "0A000"
    static let characterNotInRepertoire = "22021"
    static let dateTimeOverflow = "22008"
    static let programLimitExceeded = "54000"
    static let transactionFailed = "25P02"
}
